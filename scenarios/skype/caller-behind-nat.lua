-- Only the caller is behind a NAT: her packet goes out, and the answer comes back the way that it opened.
return {
  title  = "Caller behind NAT, callee public: direct",
  claims = { "SKB-09" },
  params = { a = "port-restricted-cone", b = "no-nat" },

  world = function (p)
    return {
      supernode = host { services = { "rendezvous" } },
      home_a    = net { nat = p.a, alice = host {} },
      net_b     = net { nat = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.supernode, attempt = "500ms" })
    call:talk { frames = 25, every = "20ms" }

    expect(call.method):is "direct"
    expect(call.arrived):is_at_least(25)
    expect(w.bob):saw("udp and src host " .. w.home_a.address)
  end,

  twins = { { set = { b = "port-restricted-cone" }, fails = "expected direct, got punch" } },
}
