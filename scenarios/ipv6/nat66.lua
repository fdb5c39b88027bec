-- One IPv6 address for a whole network, ports and all: what is known of NATs in IPv4 holds again.
return {
  title  = "NAT66: punched, as ever",
  params = { b = "nat66" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat6 = "nat66", alice = host {} },
      home_b = net { nat6 = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { attempt = "500ms" })
    call:talk { frames = 20, every = "20ms" }
    expect(call.method):is "punch"
    expect(call.family):is "ipv6"
    expect(w.home_b.wan):saw_nothing "net fd00::/8"
  end,

  twins = { { set = { b = "ipv6-router" }, fails = "expected punch, got direct" } },
}
