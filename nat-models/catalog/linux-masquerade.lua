-- A Linux machine made a router by one rule, `masquerade`, and nothing more: a stray packet from outside that its
-- INPUT chain accepts leaves an entry that takes the port, and the next packet out is given another one.
return {
  title = "Linux masquerade, INPUT open",
  source = "Linux 6.18, nf_conntrack and nf_nat as they are",
  kernel = "masquerade-input-accept",
  hairpin = "none",
  udp = {
    -- A connection a destination; yet all of them keep the inside port as long as no two would be the same.
    mapping = "address-and-port-dependent",
    filtering = "address-and-port-dependent",
    ports = "preserve",
    collision = "overload",
    keep_low = true,
    refresh = "both",
    timeout = "30s",
    timeout_two_way = "120s",
    two_way_after = "2s",
    unsolicited = "poison",
  },
  tcp = {
    mapping = "address-and-port-dependent",
    filtering = "address-and-port-dependent",
    ports = "preserve",
    collision = "overload",
    keep_low = true,
    refresh = "both",
    transitory = "120s",
    established = "120h",
    out_of_window = false,
    syn_refreshes = false, -- since Linux 5.17
    rst = "end-unanswered",
    reset = "10s",
    -- The router itself answers a stray SYN by a RST, with which its own entry goes.
    unsolicited = "rst",
  },
  icmp = { mapping = "address-dependent", timeout = "30s" },
}
