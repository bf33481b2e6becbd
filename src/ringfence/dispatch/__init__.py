"""When what is queued is taken up: texts by sender, webhooks by account and host, keys by the hour."""
