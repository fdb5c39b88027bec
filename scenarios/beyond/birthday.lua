-- One side's ports nobody can foretell. It opens 256 of them; the other tries ports at random, and after 174 tries it
-- has met an open one as likely as not. So many tries as here leave hardly any doubt.
return {
  title  = "The birthday attack: random ports, met by trying many",
  params = { hard = { "caller", "callee" }, holes = 256, probes = 6000 },

  world = function (p)
    local function nat(who)
      return who == p.hard and "symmetric-random" or "port-restricted-cone"
    end
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = nat "caller", alice = host { link = { delay = "5ms" } } },
      home_b = net { nat = nat "callee", bob = host { link = { delay = "5ms" } } },
    }
  end,

  run = function (w, p)
    local call = connect(w.alice, w.bob, {
      via = w.server, try = { "birthday" }, probes = p.probes, holes = p.holes, attempt = "9s",
    })
    call:talk { frames = 25, every = "20ms" }

    expect(call.method):is "birthday"
    expect(call.relayed):is(false)
  end,

  twins = {
    { set = { hard = "callee", holes = 1, probes = 1 }, fails = "expected birthday, got none" },
  },
}
