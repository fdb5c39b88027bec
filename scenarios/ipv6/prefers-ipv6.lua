-- Two homes with both families, and a way in either: IPv6 is tried first (RFC 6724, 2.1; RFC 8421, 4), and so it is
-- what carries the voice, unless the callers want it otherwise.
return {
  title  = "Both families: IPv6 is preferred",
  params = { first = "ipv6", second = "ipv4" },

  world = function ()
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = "port-restricted-cone", nat6 = "ipv6-firewall", alice = host {} },
      home_b = net { nat = "port-restricted-cone", nat6 = "ipv6-firewall", bob = host {} },
    }
  end,

  run = function (w, p)
    local call = connect(w.alice, w.bob, { try = { "punch" }, families = { p.first, p.second } })
    call:talk { frames = 20, every = "20ms" }
    expect(call.method):is "punch"
    expect(call.family):is "ipv6"
    expect(call:worked("punch", "ipv4")):is(false)
    expect(w.bob):saw_nothing "ip and udp"
  end,

  twins = { { set = { first = "ipv4", second = "ipv6" }, fails = "expected ipv6, got ipv4" } },
}
