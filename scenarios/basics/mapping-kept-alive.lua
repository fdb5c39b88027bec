-- This router forgets a mapping after a second of silence. Small packets now and then keep the call's alive.
return {
  title  = "A mapping's timeout, kept from running out",
  params = { every = "300ms" },

  world = function ()
    local brief = { base = "port-restricted-cone", udp = { timeout = "1s", ports = "random" } }
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = brief, alice = host {} },
      home_b = net { nat = brief, bob = host {} },
    }
  end,

  run = function (w, p)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "punch" }, attempt = "600ms" })
    call:hold { time = "2500ms", every = p.every }
    call:talk { frames = 20, every = "20ms" }

    expect(call.method):is "punch"
    expect(call.arrived):is_at_least(20)
  end,

  twins = { { set = { every = "2s" }, fails = "expected punch, got none" } },
}
