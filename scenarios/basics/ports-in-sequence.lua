-- A NAT that gives one port after the other tells the next one with each: what symmetric NATs are guessed through by.
return {
  title  = "Ports given in sequence",
  params = { ports = "sequential" },

  world = function (p)
    return {
      server = host {},
      home = net { nat = { base = "symmetric-sequential", udp = { ports = p.ports } }, alice = host {} },
    }
  end,

  run = function (w)
    local ports = {}
    local socket = w.alice:udp()
    for i = 1, 4 do
      local server = w.server:udp { port = 7000 + i }
      socket:send("hello", w.server:at(7000 + i))
      local _, from = server:recv()
      ports[i] = tonumber(tostring(from):match ":(%d+)$")
    end
    for i = 2, 4 do
      expect(ports[i] - ports[i - 1]):is(1)
    end
  end,

  twins = { { set = { ports = "random" }, fails = "expected 1, got" } },
}
