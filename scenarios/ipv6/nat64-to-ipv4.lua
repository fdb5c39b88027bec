-- Alice's network has IPv6 alone; Bob's has IPv4 alone, and a NAT. What they send each other changes its family at her
-- NAT64, and is one way for all that: Bob's NAT sees an IPv4 peer, with the address-dependent filter of RFC 6146.
return {
  title  = "IPv6 alone calls IPv4 alone, behind each classic NAT",
  params = { b = { "full-cone", "restricted-cone", "port-restricted-cone", "symmetric" }, nat6 = "nat64" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      mobile = net { nat6 = p.nat6, alice = host {} },
      home_b = net { nat = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { try = { "punch", "relay" }, attempt = "1s" })
    call:talk { frames = 20, every = "20ms" }
    expect(call.method):is "punch"
    expect(call.family):is "ipv6 and ipv4"
    expect(w.alice):saw "ip6 and udp and dst net 64:ff9b::/96"
    expect(w.alice):saw_nothing "ip"
    expect(w.bob):saw_nothing "ip6"
  end,

  twins = { { set = { nat6 = "ipv6-firewall" }, fails = "expected punch, got relay" } },
}
