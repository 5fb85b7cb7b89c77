"""From a rule's hits to messages that arrive: states, outbox, dispatcher."""
