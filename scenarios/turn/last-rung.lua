-- Two symmetric NATs whose ports nobody can foretell, or firewalls that let no UDP out: both get an address on a TURN
-- server, and their voice passes through it in channels. Over UDP where that gets out, else over TCP.
return {
  title  = "Where nothing direct gets through, TURN relays",
  params = { nat = { "symmetric-random", "udp-blocked", "linux-masquerade" }, transport = { "udp", "tcp" }, quota = 4 },

  world = function (p)
    return {
      rendezvous = host { services = { "rendezvous" } },
      turn       = host { services = { "turn" }, turn = { users = { lab = "secret" }, quota = p.quota } },
      home_a     = net { nat = p.nat, alice = host {} },
      home_b     = net { nat = p.nat, bob = host {} },
    }
  end,

  run = function (w, p)
    local call = connect(w.alice, w.bob, { try = { "turn", "relay" }, attempt = "1s",
      turn = { server = w.turn, transport = p.transport, username = "lab", password = "secret" } })
    call:talk { frames = 20, every = "20ms" }

    local reaches = p.transport == "tcp" or p.nat ~= "udp-blocked"
    expect(call.method):is(reaches and "turn" or "relay")
    expect(call.relay):is(reaches and "turn" or "rendezvous")
    expect(call.arrived):is_at_least(20)
    expect(w.home_a.wan):saw_nothing("host " .. w.home_b.address)
  end,

  twins = { { set = { nat = "symmetric-random", transport = "udp", quota = 1 }, fails = "turn must work" } },
}
