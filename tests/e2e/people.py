"""What people do in a browser again and again: register, follow the mail, log in, show who they are."""

from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from apps.portals.management.commands.demo_data import PASSWORD as DEMO_PASSWORD
from tests.scenarios import founding
from tests.scenarios.people import Person, until
from tests.scenarios.people import register as register_by_program

PASSWORD = "a sentence nobody guesses"
LOOKS = 50


def unseen(page, name):
    """Take no picture."""


def log_in(page, email, password=DEMO_PASSWORD):
    page.goto("/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url("**/home")


def register(page, name, email, wish):
    """Open an account, verify it by the mail, log in."""
    page.goto("/register")
    page.get_by_label(wish).check()
    page.get_by_label("Full name").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Open an account").click()
    page.get_by_role("heading", name="Look into your mailbox").wait_for()
    follow_the_mail(page, email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Verify my e-mail").click()
    page.get_by_role("heading", name="Your e-mail is verified").wait_for()
    log_in(page, email, PASSWORD)


def follow_the_mail(page, email, look=unseen):
    """Open the link of the mail to this address, as soon as it has come."""
    for _ in range(LOOKS):
        page.goto("/dev/mail")
        link = page.locator(".card", has_text=email).locator("a[href*='/verify/']").first
        if link.count():
            look(page, "mailbox")
            page.goto(link.get_attribute("href"))
            return
        page.wait_for_timeout(200)
    pytest.fail(f"no mail came to {email}")


def investor_with_money(url, name):
    """Bring another investor to where the first one came by clicking, by a program; return the e-mail."""
    person = register_by_program(url, name=name, role="investor", country="AE")
    founding.apply(person, run="LIFE", country="AE")
    reviewer, finance = (
        Person(url, f"{team}@alef.example").log_in(DEMO_PASSWORD) for team in ("compliance", "finance")
    )
    assert founding.accept(reviewer, person) == 1
    founding.bring(person, finance)
    until(lambda: founding.address(person), what="the registration on chain")
    return person.email


def answer_identity_check(page, look=unseen):
    """Go through the identity check from its beginning and send it; `look` is shown each step."""
    page.goto("/kyc")
    look(page, "kyc-begin")
    page.get_by_role("link", name="Begin").click()
    page.get_by_label("Full name, as in your document").fill("Somebody Whole")
    page.get_by_label("Date of birth").fill("1988-03-14")
    page.get_by_label("Place of birth").fill("Dubai")
    page.get_by_label("Country of birth").select_option("AE")
    page.get_by_label("Nationality", exact=True).select_option("AE")
    look(page, "kyc-personal")
    go_on(page)
    page.get_by_label("Country where you live").select_option("AE")
    page.get_by_label("Street, building, apartment").fill("14 Palm Street")
    page.get_by_label("City").fill("Dubai")
    look(page, "kyc-address")
    go_on(page)
    page.get_by_label("Occupation").fill("Engineer")
    page.get_by_label("Where the money comes from").select_option("salary")
    page.get_by_role("group", name="high public office").get_by_label("No").check()
    page.get_by_label("Country where you pay tax").select_option("AE")
    page.get_by_role("group", name="United States").get_by_label("No").check()
    look(page, "kyc-details")
    go_on(page)
    hand_in_documents(page, look)
    look(page, "kyc-check")
    page.get_by_role("button", name="Send for review").click()
    page.get_by_text("We are looking at it").wait_for()
    look(page, "kyc-sent")


def hand_in_documents(page, look):
    page.get_by_label("Passport").check()
    page.get_by_label("Number", exact=True).fill("P1234567")
    page.get_by_label("Issued on").fill("2024-01-10")
    page.get_by_label("Expires on").fill("2034-01-10")
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Page with your photo").set_input_files(drawn("passport"))
    page.get_by_label("Selfie with the document").set_input_files(drawn("selfie"))
    look(page, "kyc-documents")
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/kyc/check")


def go_on(page):
    page.get_by_role("button", name="Save and go on").click()


def drawn(title):
    """Draw a picture as a file to hand in."""
    image, made = Image.new("RGB", (900, 600), "#e8eef5"), BytesIO()
    ImageDraw.Draw(image).text((60, 60), title, fill="#31445c", font_size=48)
    image.save(made, "PNG")
    return {"name": f"{title}.png", "mimeType": "image/png", "buffer": made.getvalue()}
