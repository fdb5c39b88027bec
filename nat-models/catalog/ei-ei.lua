-- Home routers whose maker put games first, and those that follow RFC 4787 where it speaks of transparency:
-- whoever learns the outside port may send to it.
return {
  title = "Endpoint-independent mapping, endpoint-independent filtering",
  source = "RFC 4787, sections 4.1 and 5",
  kernel = "full-cone",
  udp = { mapping = "endpoint-independent", filtering = "endpoint-independent" },
  tcp = { mapping = "endpoint-independent", filtering = "endpoint-independent" },
}
