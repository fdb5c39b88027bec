-- A TURN server lets in only what comes from an address that its client has permitted, whatever its port, and sends
-- on nothing to any other (RFC 8656, 9). To bind a channel permits, too.
return {
  title  = "TURN: no permission, no relay",
  params = { permit = false, channel = { true, false } },

  world = function ()
    return {
      server  = host { services = { "turn" } },
      home    = net { nat = "port-restricted-cone", alice = host {} },
      bob     = host {},
      mallory = host {},
    }
  end,

  run = function (w, p)
    local relay = w.alice:turn { server = w.server }
    local bob, mallory = w.bob:udp { port = 5000 }, w.mallory:udp { port = 5000 }

    if p.channel then relay:bind(w.bob:at(5000)) else relay:permit(w.bob.address) end
    if p.permit then relay:permit(w.mallory.address) end

    bob:send("from bob", relay:address())
    expect(relay:recv { within = "1s" }):is "from bob"
    mallory:send("from mallory", relay:address())
    expect(relay:recv { within = "1s" }):is(nil)
    relay:send("to mallory", w.mallory:at(5000))
    expect(mallory:recv { within = "1s" }):is(nil)
    relay:send("to bob", w.bob:at(5000))
    expect(bob:recv { within = "1s" }):is "to bob"

    expect(w.server):saw("udp and src host " .. w.mallory.address)
    expect(w.alice):saw_nothing "udp[8:4] = 0x6d616c6c"
  end,

  twins = { { set = { permit = true, channel = true }, fails = "expected nil, got from mallory" } },
}
