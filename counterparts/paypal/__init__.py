"""The stand-in for PayPal: its REST API beneath /paypal/v1, its pages beneath /paypal/webapps, its webhooks.

It keeps to PayPal's OpenAPI documents of February 2024 (tests/counterparts/test_paypal_contract.py) and, where they
are silent, to what its developer pages say. What the documents leave open is said where it is decided.
"""
