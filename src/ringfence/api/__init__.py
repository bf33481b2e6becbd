"""The public port: Twilio's HTTP API, one way of declaring a resource, and the list of what is not finished."""
