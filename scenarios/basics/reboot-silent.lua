-- Somebody outside sends to alice now and then. Her router reboots: unless she sends as well, nobody reaches her.
return {
  title  = "A router reboots, and only what is sent from inside opens it again",
  params = { keepalive = true, realise = { "engine", "kernel" } },

  world = function (p)
    return {
      server = host {},
      home   = net { nat = "full-cone", realise = p.realise, alice = host {} },
    }
  end,

  run = function (w, p)
    local alice, server = w.alice:udp { port = 5000 }, w.server:udp { port = 7000 }
    alice:send("here I am", w.server:at(7000))
    local _, outside = server:recv()
    server:send("before", outside)
    expect((alice:recv())):is "before"

    w.home:reboot()
    if p.keepalive then
      alice:send("still here", w.server:at(7000))
      server:recv()
    end
    server:send("after", outside)
    expect((alice:recv { within = "500ms" })):is "after"
  end,

  twins = { { set = { keepalive = false }, fails = "expected after, got nil" } },
}
