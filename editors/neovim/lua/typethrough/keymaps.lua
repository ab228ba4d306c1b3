--- The keys. Each means what it meant before when there is nothing for it to do.
local M = {}

local OWN = 'typethrough: '

--- Whether a completion menu is open: the keys are its own then.
---@return boolean
local function menu_is_open()
  local cmp, blink = package.loaded['cmp'], package.loaded['blink.cmp']
  return vim.fn.pumvisible() == 1
    or (cmp and cmp.visible and cmp.visible())
    or (blink and blink.is_visible and blink.is_visible())
    or false
end

--- Does what the key meant before: a mapping of the buffer, one of all buffers, or the key itself.
---@param raw string The key's code.
---@param map? table<string, any> The buffer's own mapping, if there was one.
local function fall_back(raw, map)
  map = map
    or vim.iter(vim.api.nvim_get_keymap('i')):find(function(global)
      return global.lhsraw == raw or global.lhsrawalt == raw
    end)
    or { rhs = vim.fn.keytrans(raw), noremap = 1 }
  local keys = (map.rhs or ''):gsub('<SID>', ('<SNR>%d_'):format(map.sid or 0))
  if map.callback then
    keys = map.callback()
  elseif map.expr == 1 then
    keys = vim.api.nvim_eval(keys)
  end
  if map.expr ~= 1 and map.callback or not keys then
    return
  elseif map.expr ~= 1 or map.replace_keycodes == 1 then
    keys = vim.keycode(keys)
  end
  -- A result that begins with the key itself means the plain key; remapping it would come back here for ever.
  local remap = map.noremap ~= 1 and not vim.startswith(keys, raw)
  vim.api.nvim_feedkeys(keys, remap and 'im' or 'in', false)
end

---@param bufnr integer
function M.set(bufnr)
  local ghost = require('typethrough.ghost')
  ---@type table<string, fun(): boolean?> Each returns false when there was nothing to do.
  local actions = {
    accept = function() return ghost.accept(bufnr) end,
    next = function() return ghost.select(1) end,
    previous = function() return ghost.select(-1) end,
    toggle = require('typethrough').toggle,
  }
  for name, act in vim.spairs(actions) do
    local lhs = require('typethrough').options.keymaps[name]
    local before = lhs and vim.api.nvim_buf_call(bufnr, function() return vim.fn.maparg(lhs, 'i', false, true) end)
    if lhs and not vim.startswith(before.desc or '', OWN) then
      vim.keymap.set('i', lhs, function()
        if menu_is_open() or act() == false then
          fall_back(vim.keycode(lhs), before.buffer == 1 and before or nil)
        end
      end, { buffer = bufnr, desc = OWN .. name })
    end
  end
end

return M
