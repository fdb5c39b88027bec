-- Neither firewall lets any UDP through, and neither accepts a connection from outside. One outbound TCP connection
-- from each side is all that a call needs.
return {
  title  = "Only outbound TCP is needed, never inbound",
  claims = { "SKA-12" },
  params = { nat = "udp-blocked" },

  world = function (p)
    return {
      supernode = host { services = { "rendezvous" } },
      office_a  = net { nat = p.nat, alice = host {} },
      office_b  = net { nat = p.nat, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.supernode, attempt = "400ms" })
    call:talk { frames = 25, every = "20ms" }

    local opens = "tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn"
    expect(call.method):is "relay"
    expect(call.arrived):is_at_least(25)
    expect(w.supernode):saw(opens .. " and src host " .. w.office_a.address)
    expect(w.office_a.wan):saw_nothing(opens .. " and dst host " .. w.office_a.address)
    expect(w.office_b.wan):saw_nothing(opens .. " and dst host " .. w.office_b.address)
  end,

  twins = { { set = { nat = "port-restricted-cone" }, fails = "expected relay, got punch" } },
}
