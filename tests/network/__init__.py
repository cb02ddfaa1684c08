"""Networks made of namespaces: bad links, address translation, firewalls, a TURN server."""
