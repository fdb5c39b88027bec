-- Two hosts with public addresses: the caller speaks, and is heard.
return {
  title  = "Direct, between two public hosts",
  params = { b = "no-nat" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      alice  = host { link = { delay = "10ms" } },
      net_b  = net { nat = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "direct" }, attempt = "500ms" })
    call:talk { frames = 20, every = "20ms" }

    expect(call.method):is "direct"
    expect(call.arrived):is_at_least(20)
    expect(w.server):saw_nothing("udp[8:4] = 0x564f4943") -- VOIC: no voice at the server
  end,

  twins = { { set = { b = "symmetric" }, fails = "expected direct, got none" } },
}
