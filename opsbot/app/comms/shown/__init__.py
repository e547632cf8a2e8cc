"""What people see of messages: sentences, buttons, cards and the list on Home."""
