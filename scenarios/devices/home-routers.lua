-- The routers that people had at home around 2001. Whoever sits behind one can call and be called, once both sides
-- send first.
return {
  title  = "Home routers of 2001: punching gets through",
  claims = { "SKA-01", "SKA-08" },
  params = { nat = { "linksys-befsr41", "linksys-befsr41-upnp", "upnp-h323-router", "windows-xp-ics" } },

  world = function (p)
    return {
      supernode = host { services = { "rendezvous" } },
      stranger  = host {},
      home_a    = net { nat = p.nat, alice = host {} },
      home_b    = net { nat = "port-restricted-cone", bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.supernode, attempt = "400ms" })
    call:talk { frames = 25, every = "20ms" }
    expect(call.method):is "punch"
    expect(call.arrived):is_at_least(25)

    w.alice:udp({ port = 5000 }):send("I am here", w.supernode:at(5000))
    w.stranger:udp():send("let me in", w.home_a.address .. ":5000")
    w:sleep "100ms"
    expect(w.home_a.lan):saw_nothing("host " .. w.stranger.address)
  end,

  twins = { { set = { nat = "isa-proxy" }, fails = "expected punch, got relay" } },
}
