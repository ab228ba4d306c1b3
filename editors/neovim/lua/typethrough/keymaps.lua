--- The keys. Each means what it meant before when there is nothing for it to do.
local M = {}

local OWN = 'typethrough: '
-- These belong to a completion menu while one is open.
local MENU_KEYS = { '<Tab>', '<S-Tab>', '<CR>', '<C-N>', '<C-P>', '<C-Y>', '<C-E>', '<Up>', '<Down>', '<Esc>' }

---@type { lhs: string, before: table<string, any> }[] The keys that are mapped, and what they meant before.
M.keys = {}

---@return boolean
local function menu_is_open()
  local cmp, blink = package.loaded['cmp'], package.loaded['blink.cmp']
  local blink_is_open = blink and (blink.is_menu_visible or blink.is_visible)
  return vim.fn.pumvisible() == 1
    or (cmp and cmp.visible and cmp.visible())
    or (blink_is_open and blink_is_open())
    or false
end

--- Does what a key meant before: its mapping, or the key itself.
---@param raw string The key's code.
---@param map table<string, any>
local function fall_back(raw, map)
  local keys = map.lhs and (map.rhs or ''):gsub('<SID>', ('<SNR>%d_'):format(map.sid or 0)) or raw
  if map.callback then
    keys = map.callback()
  elseif map.expr == 1 then
    keys = vim.api.nvim_eval(keys)
  end
  if (map.callback and map.expr ~= 1) or not keys then
    return
  elseif map.lhs and (map.expr ~= 1 or map.replace_keycodes == 1) then
    keys = vim.keycode(keys)
  end
  -- A result that begins with the key itself means the plain key; remapping it would come back here for ever.
  local remap = map.noremap ~= 1 and not vim.startswith(keys, raw)
  vim.api.nvim_feedkeys(keys, remap and 'im' or 'in', false)
end

--- What a key is mapped to for all buffers; empty when it is not.
---@param lhs string
---@return table<string, any>
function M.mapping_of(lhs)
  local raw = vim.keycode(lhs)
  return vim.iter(vim.api.nvim_get_keymap('i')):find(function(map)
    return map.lhsraw == raw or map.lhsrawalt == raw
  end) or {}
end

---@param map table<string, any>
function M.is_own(map)
  return vim.startswith(map.desc or '', OWN)
end

--- Maps the keys for all buffers, so that a buffer's own mappings stand before them. Those mapped before are given back.
function M.set()
  for _, key in ipairs(M.keys) do
    if M.is_own(M.mapping_of(key.lhs)) then
      vim.keymap.del('i', key.lhs)
      if key.before.lhs then vim.fn.mapset('i', false, key.before) end
    end
  end
  M.keys = {}
  for action, lhs in vim.spairs(require('typethrough.options').current.keymaps) do
    local act = function() return require('typethrough')[action]() end
    vim.keymap.set('i', ('<Plug>(typethrough-%s)'):format(action:gsub('_', '-')), act)
    if lhs then
      local raw, before = vim.keycode(lhs), M.mapping_of(lhs)
      local is_menu_key = vim.iter(MENU_KEYS):any(function(key) return vim.keycode(key) == raw end)
      table.insert(M.keys, { lhs = lhs, before = before })
      vim.keymap.set('i', lhs, function()
        if (is_menu_key and menu_is_open()) or not act() then
          fall_back(raw, before)
        end
      end, { desc = OWN .. action:gsub('_', ' ') })
    end
  end
end

return M
