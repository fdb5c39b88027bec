-- Whatever nobody else at home has asked for goes to the DMZ host.
return {
  title  = "A DMZ host",
  params = { dmz = "bob" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      alice  = host {},
      home   = net { nat = "port-restricted-cone", dmz = p.dmz, bob = host {}, carol = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "direct" }, attempt = "500ms" })
    call:talk { frames = 20, every = "20ms" }

    expect(call.method):is "direct"
    expect(w.carol):saw_nothing("udp and src host " .. w.alice.address)
  end,

  twins = { { set = { dmz = "carol" }, fails = "expected direct, got none" } },
}
