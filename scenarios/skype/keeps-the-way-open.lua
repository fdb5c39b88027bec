-- One side is private. It sends UDP to the public side at intervals, which opens the way and keeps it open, though
-- its router forgets what has been idle for a second.
return {
  title  = "The private side's packets at intervals keep the way open",
  claims = { "SKA-03" },
  params = { every = "400ms", times = 6 },

  world = function ()
    return {
      bob  = host {},
      home = net { nat = { base = "port-restricted-cone", udp = { timeout = "1s" } }, alice = host {} },
    }
  end,

  run = function (w, p)
    local alice, bob = w.alice:udp(), w.bob:udp { port = 7000 }
    alice:send("open", w.bob:at(7000))
    local _, way_in = bob:recv()

    for _ = 1, p.times do
      w:sleep(p.every)
      alice:send("keep", w.bob:at(7000))
    end
    w:sleep(p.every)
    bob:send("are you there?", way_in)
    expect((alice:recv { within = "500ms" })):is "are you there?"
  end,

  twins = { { set = { every = "1500ms", times = 1 }, fails = "expected are you there?, got nil" } },
}
