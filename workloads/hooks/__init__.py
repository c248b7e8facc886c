"""What came in by webhook, understood: proof of who sent it, facts of the document, which rule it meets.

Pure: no rows, no network, no clock; the time comes in as an argument. Nothing here is trusted that a key did not prove, and
nothing that was proved is believed to be well-formed.
"""
