"""One module for each thing that happens here. Every door comes to these.

An event of a provider's is only a reason to look: whoever changes a subscription, or hears that it has changed, asks
the provider for its present state and records that. All that is done to the subscriptions of one person is done under
one lock (`billing.services.truth.locked`), the questions to the provider included: what is recorded last is the newest.
"""
