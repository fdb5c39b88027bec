-- Voice prefers UDP, where a lost packet costs a syllable and not a wait; TCP carries it where UDP cannot pass.
return {
  title  = "Voice over UDP, and over TCP where UDP cannot pass",
  claims = { "SKB-06" },
  params = { office = "udp-blocked" },

  world = function (p)
    return {
      supernode = host { services = { "rendezvous" } },
      alice     = host {},
      home      = net { nat = "port-restricted-cone", bob = host {} },
      office    = net { nat = p.office, carol = host {} },
    }
  end,

  run = function (w)
    local at_home = connect(w.bob, w.alice, { via = w.supernode })
    at_home:talk { frames = 25, every = "20ms" }
    local at_work = connect(w.carol, w.alice, { via = w.supernode, attempt = "400ms" })
    at_work:talk { frames = 25, every = "20ms" }

    expect(w.home.wan):saw_at_least(50, "udp[8:4] = 0x564f4943") -- VOIC, both ways
    expect(at_work.method):is "relay"
    expect(at_work.arrived):is_at_least(25)
    expect(w.office.wan):saw_nothing("udp")
    expect(w.office.wan):saw_at_least(25, "tcp and src host " .. w.office.address)
  end,

  twins = { { set = { office = "port-restricted-cone" }, fails = "expected relay, got direct" } },
}
