-- Bob's home is behind its provider's NAT as well. Punching has to open both of his NATs, and does.
return {
  title  = "Double NAT: punching through a home's and its provider's",
  params = { isp = { "carrier-grade", "port-restricted-cone" } },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = "port-restricted-cone", alice = host {} },
      isp    = net { nat = p.isp, home_b = net { nat = "port-restricted-cone", bob = host {} } },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "direct", "punch" }, attempt = "500ms" })
    call:talk { frames = 20, every = "20ms" }

    expect(call.method):is "punch"
    expect(w.home_b.wan):saw("udp and dst host " .. w.home_b.address)
    expect(w.isp.wan):saw_nothing("host " .. w.home_b.address)
  end,

  twins = { { set = { isp = "symmetric-random" }, fails = "expected punch, got none" } },
}
