-- 2: unknown_model.lua:5: unknown model "ful-cone"; did you mean "full-cone"?
return {
  title = "No such model",
  world = function ()
    return { home = net { nat = "ful-cone", alice = host {} } }
  end,
  run   = function () end,
}
