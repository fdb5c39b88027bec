-- An Internet provider's NAT in front of many homes, as RFC 6888 wants it: mapping and filtering endpoint-independent
-- (REQ-1, REQ-7), addresses paired (REQ-2), each home held to its share of the ports (REQ-4).
return {
  title = "Carrier-grade NAT",
  source = "RFC 6888",
  hairpin = "external-source",
  pooling = "paired",
  pool = 2,
  limit_host = 1024,
  udp = {
    mapping = "endpoint-independent",
    filtering = "endpoint-independent",
    ports = "block",
    block_size = 1024,
    timeout = "300s",
  },
  tcp = {
    mapping = "endpoint-independent",
    filtering = "endpoint-independent",
    ports = "block",
    block_size = 1024,
  },
}
