-- A firewall that puts transparency first (RFC 6092, REC-17): the callee has spoken to the rendezvous, and so
-- anybody may speak to it.
return {
  title  = "An open IPv6 firewall: direct",
  params = { b = "ipv6-firewall-open" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat6 = "ipv6-firewall", alice = host {} },
      home_b = net { nat6 = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { attempt = "500ms" })
    call:talk { frames = 20, every = "20ms" }
    expect(call.method):is "direct"
    expect(call.family):is "ipv6"
  end,

  twins = { { set = { b = "ipv6-firewall" }, fails = "expected direct, got punch" } },
}
