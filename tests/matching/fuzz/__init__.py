"""Look for inputs that break the matching engine; README.md beside this file says how."""
