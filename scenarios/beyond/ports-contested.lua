-- A sister at home begins a new flow every few milliseconds, and each takes a port: the one that was foretold is hers
-- by then. Several that may come next are spoken to, and one of them is right; the first alone is not.
return {
  title  = "Port prediction, while others in the home take ports",
  params = { candidates = 32 },

  world = function ()
    return {
      server = host { services = { "rendezvous", "echo" } },
      home_a = net {
        nat = "symmetric-sequential",
        alice = host { link = { delay = "20ms" } },
        sister = host {},
      },
      home_b = net { nat = "port-restricted-cone", bob = host { link = { delay = "20ms" } } },
    }
  end,

  run = function (w, p)
    local socket = w.sister:udp()
    w:spawn(function ()
      for port = 20000, 20400 do
        socket:send("hello", w.server:at(port))
        w:sleep "5ms"
      end
    end)
    local call = connect(w.alice, w.bob, {
      via = w.server, try = { "predict" }, candidates = p.candidates, attempt = "1s",
      oracle = "others in the home take ports",
    })
    call:talk { frames = 10, every = "20ms" }

    expect(call.method):is "predict"
  end,

  twins = { { set = { candidates = 1 }, fails = "expected predict, got none" } },
}
