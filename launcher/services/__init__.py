"""The embedded services, each a program for the supervisor."""
