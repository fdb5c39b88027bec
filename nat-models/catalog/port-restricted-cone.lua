-- What most home routers do: the port is kept, and only who was spoken to is let in.
return {
  base = "ei-apd",
  title = "Port-restricted cone",
  source = "RFC 3489, section 5",
  rfc3489 = "port-restricted-cone",
}
