-- A sister at home begins a new flow every few milliseconds, and each takes a port: the one that was foretold is hers
-- by then. Several that may come next are spoken to, and one of them is right; the first alone is not. From the last
-- look at the router's ports to the first hello it is 40 ms, in which she takes eight: so the oracle has the odds.
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
      via = w.server, try = { "predict" }, candidates = p.candidates, attempt = "1s", rivals = { caller = 8 },
    })
    call:talk { frames = 10, every = "20ms" }

    expect(call.method):is "predict"
  end,

  twins = { { set = { candidates = 1 }, fails = "expected predict, got none" } },
}
