-- A router with NAPT passes replies, and drops what nobody inside has asked for.
return {
  title  = "Replies pass; what nobody asked for does not",
  claims = { "SKA-01" },
  params = { nat = { "port-restricted-cone", "restricted-cone", "symmetric" } },

  world = function (p)
    return {
      server   = host { services = { "echo" } },
      stranger = host {},
      home     = net { nat = p.nat, alice = host {} },
    }
  end,

  run = function (w)
    local alice, stranger, server = w.alice:udp { port = 5000 }, w.stranger:udp(), w.server:udp { port = 7000 }
    alice:send("hello", w.server:at(7))
    expect((alice:recv { within = "2s" })):is "hello"

    alice:send("where am I?", w.server:at(7000))
    local _, outside = server:recv()
    stranger:send("let me in", outside)
    expect((alice:recv { within = "300ms" })):is(nil)
    expect(w.home.wan):saw("udp and src host " .. w.stranger.address)
    expect(w.home.lan):saw_nothing("udp and src host " .. w.stranger.address)
  end,

  twins = { { set = { nat = "full-cone" }, fails = "expected nil, got let me in" } },
}
