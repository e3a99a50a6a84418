"""What the database keeps of identity checks: lives that go one way, and histories that only grow (KYC-1)."""

from django.db import migrations

from apps.common.laws import append_only, only_columns_change

LIFE = """
CREATE FUNCTION kyc_application_life() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.status, NEW.status) NOT IN (
        ('draft', 'draft'), ('draft', 'pending'), ('pending', 'in_review'), ('in_review', 'pending'),
        ('in_review', 'approved'), ('in_review', 'rejected'), ('approved', 'expired')
    ) THEN
        RAISE EXCEPTION 'an application that is % can not become %', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'kyc_application_life';
    END IF;
    IF OLD.status <> 'draft' AND NEW.answers IS DISTINCT FROM OLD.answers THEN
        RAISE EXCEPTION 'the answers of an application that was handed in stay as they are'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'kyc_answers_stay';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER life BEFORE UPDATE ON kyc_applications
    FOR EACH ROW EXECUTE FUNCTION kyc_application_life();
"""


class Migration(migrations.Migration):
    dependencies = [("kyc", "0001_initial"), ("common", "0002_laws")]

    operations = [
        only_columns_change(
            "kyc_applications",
            "status", "answers", "submitted_at", "verification_provider", "document_index", "claimed_by",
            "claimed_at", "reviewed_by", "reviewed_at", "review_notes", "rejection_reason", "kyc_level",
            "expires_at", "updated_at",
        ),
        only_columns_change(
            "kyc_documents", "status", "reviewer_id", "reviewed_at", "notes", "submitted_at", "removed_at"
        ),
        append_only("kyc_status_log"),
        append_only("kyc_document_history"),
        migrations.RunSQL(
            LIFE,
            reverse_sql="DROP TRIGGER life ON kyc_applications; DROP FUNCTION kyc_application_life();",
        ),
    ]
