-- Windows XP's firewall stands round one host. It can call whom it likes; to be called, it must speak first.
return {
  title  = "A host's own firewall: reversal gets through, a direct call does not",
  params = { guard = "windows-xp-icf" },

  world = function (p)
    return {
      supernode = host { services = { "rendezvous" } },
      alice     = host {},
      guard     = net { nat = p.guard, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.supernode, attempt = "400ms" })
    call:talk { frames = 25, every = "20ms" }
    expect(call.method):is "reversal"
    expect(w.alice:ping { to = w.bob.address, within = "200ms" }.received):is(0)

    local back = connect(w.bob, w.alice, { via = w.supernode, attempt = "400ms" })
    back:talk { frames = 25, every = "20ms" }
    expect(back.method):is "direct"
  end,

  twins = { { set = { guard = "no-nat" }, fails = "expected reversal, got direct" } },
}
