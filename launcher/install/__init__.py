"""Put in place what is missing: virtual environment, Python packages, node packages, a browser."""
