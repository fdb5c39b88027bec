-- The same NAT twice: as a model that the engine plays, and as the Linux kernel itself, masquerading, with its INPUT
-- closed. Both must let the same call through, and stop the same one.
return {
  title  = "A NAT realised by the kernel fares as its model does",
  params = { realise = { "engine", "kernel" }, b = "port-restricted-cone" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = "linux-masquerade-input-drop", realise = p.realise, alice = host {} },
      home_b = net { nat = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "direct", "punch" }, attempt = "500ms" })
    call:talk { frames = 20, every = "20ms" }

    expect(call.method):is "punch"
    expect(call.arrived):is_at_least(20)
  end,

  twins = { { set = { realise = "kernel", b = "symmetric-random" }, fails = "expected punch, got none" } },
}
