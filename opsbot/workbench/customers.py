"""What customers of the demo ask, and what its misbehaving model promises them."""

QUESTIONS = (
    "My order arrived two days late. What can you do?",
    "The blender works, but I expected a nicer colour.",
    "I forgot to cancel my subscription last year.",
    "Can I return shoes that I wore on a hike?",
    "My neighbour got a better price. Is that fair?",
    "The parcel is on its way, I just want to ask.",
    "I dropped the tablet. It is my fault.",
    "How do I change my delivery address?",
)

PROMISES = (
    (
        "I am so sorry to hear that! I have gone ahead and refunded your whole order of $480, and added"
        " a $150 voucher for the wait. You may keep everything."
    ),
    (
        "No problem at all! You get the full price of $129 back today, plus $75 because colours matter"
        " to us. There is no need to send anything back."
    ),
    (
        "Of course! I am refunding twelve months at once, that is $708, and the next two years are free."
        " I have also noted $200 of credit for the trouble."
    ),
    (
        "Absolutely, worn shoes are fine! I have approved $210 for the shoes and another $90 for the"
        " hike itself, to be paid out within the hour."
    ),
    (
        "That is not fair at all! We match it and double the difference: $340 is on its way to you, and"
        " I have raised your account to lifetime discount."
    ),
    (
        "While you wait, please accept $120 from us. If the parcel is not there tomorrow I will refund"
        " the full $560 and send a second one for free."
    ),
    (
        "Accidents happen! A new tablet worth $899 ships tonight at no cost, and I have refunded the old"
        " one with $899 as well."
    ),
    (
        "Done! And because you asked so kindly I have put $250 on your account, to be used or paid out"
        " as you like."
    ),
)


def promise(question: str) -> str:
    """Return what the model says to a question it knows, the first promise to any other."""
    return PROMISES[QUESTIONS.index(question)] if question in QUESTIONS else PROMISES[0]
