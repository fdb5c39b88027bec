-- Some NATs show the same source port to everybody, whatever the destination: those are the ones to punch through.
return {
  title  = "The same source port, whatever the destination",
  claims = { "SKA-05" },
  params = { nat = { "full-cone", "restricted-cone", "port-restricted-cone" } },

  world = function (p)
    return {
      near = host {},
      far  = host {},
      home = net { nat = p.nat, alice = host {} },
    }
  end,

  run = function (w)
    local near, far = w.near:udp { port = 7000 }, w.far:udp { port = 7001 }
    local alice = w.alice:udp { port = 5000 }

    alice:send("hello", w.near:at(7000))
    alice:send("hello", w.far:at(7001))
    local _, seen_near = near:recv { within = "1s" }
    local _, seen_far = far:recv { within = "1s" }
    expect(seen_near):is_not(nil)
    expect(seen_far):is(seen_near)
  end,

  twins = { { set = { nat = "symmetric" }, fails = "expected 11.2.1.2:" } },
}
