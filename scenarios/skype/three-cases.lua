-- The three cases that the article tells apart: both public, one private, both private.
return {
  title  = "Three cases: none, one or both behind a NAT",
  claims = { "SKA-02" },
  params = { nat = "port-restricted-cone" },

  world = function (p)
    return {
      supernode = host { services = { "rendezvous" } },
      alice     = host {},
      bob       = host {},
      home_c    = net { nat = p.nat, carol = host {} },
      home_d    = net { nat = p.nat, dave = host {} },
    }
  end,

  run = function (w)
    local both_public  = connect(w.alice, w.bob, { via = w.supernode })
    local one_private  = connect(w.carol, w.bob, { via = w.supernode })
    local both_private = connect(w.carol, w.dave, { via = w.supernode, attempt = "400ms" })

    expect(both_public.method):is "direct"
    expect(one_private.method):is "direct"
    expect(both_private.method):is "punch"
  end,

  twins = { { set = { nat = "symmetric-random" }, fails = "expected punch, got relay" } },
}
