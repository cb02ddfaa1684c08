"""What happens between a checkout and an installed package: networks are converted, the web app is
exported.
"""
