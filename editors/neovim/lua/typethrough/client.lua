--- The language server as Neovim's client sees it: how it starts, where it attaches, what it last said of itself.
local M = { enabled = true }

local ROOT_MARKERS = { '.git', 'pyproject.toml', 'package.json' }
local LABELS = { ready = 'TT', busy = 'TT …', no_key = 'TT no key', error = 'TT error', ['local'] = 'TT local' }

local restarting = false
---@type table<integer, { kind: string, message: string }?> What each client's server last said of itself.
local said = {}
---@type table<integer, string?> The last message it had for the user.
local told = {}
---@type table<integer, true?> Buffers whose server ended without being asked to.
local abandoned = {}

---@param bufnr integer
---@param on_dir fun(root?: string)
local function root_dir(bufnr, on_dir)
  local options = require('typethrough').options
  if vim.bo[bufnr].buftype ~= '' or vim.list_contains(options.disabled_filetypes, vim.bo[bufnr].filetype) then
    return
  end
  local program = options.cmd[1]
  if vim.fn.executable(program) == 0 then
    local message = 'typethrough: `%s` not found, see :help typethrough-install'
    vim.notify_once(message:format(program), vim.log.levels.WARN)
    return
  end
  on_dir(vim.fs.root(bufnr, ROOT_MARKERS))
end

--- Keeps the server's text true. Neovim 0.12 stops following a buffer that is edited while no client is attached, and
--- does not begin again when one is: the next server would work on the text it was started with.
---@param bufnr integer
local function follow_edits(bufnr)
  vim.api.nvim_buf_attach(bufnr, false, {
    on_lines = function(_, _, tick, first, last, new_last)
      if #vim.lsp.get_clients({ bufnr = bufnr }) == 0 then
        return true
      elseif vim.lsp.util.buf_versions[bufnr] ~= tick then
        vim.lsp.util.buf_versions[bufnr] = tick
        require('vim.lsp._changetracking').send_changes(bufnr, first, last, new_last)
      end
    end,
  })
end

---@param client vim.lsp.Client
---@param bufnr integer
local function on_attach(client, bufnr)
  abandoned[bufnr] = nil
  follow_edits(bufnr)
  vim.lsp.inline_completion.enable(M.enabled, { bufnr = bufnr })
  require('typethrough.ghost').watch(client)
  require('typethrough.keymaps').set(bufnr)
end

---@param code integer
---@param signal integer
---@param client_id integer
local function on_exit(code, signal, client_id)
  local asked_for = code == 0 and (signal == 0 or signal == 15)
  for bufnr in pairs((vim.lsp.get_client_by_id(client_id) or {}).attached_buffers or {}) do
    abandoned[bufnr] = not asked_for or nil
  end
  said[client_id], told[client_id] = nil, nil
  vim.schedule(function()
    vim.cmd.redrawstatus({ bang = true })
    if restarting then
      restarting = false
      vim.lsp.enable('typethrough')
    end
  end)
end

--- Tells the user what the server has to say, on one line: a longer message would stop the typing until Enter is pressed.
---@param params lsp.ShowMessageParams
---@param context lsp.HandlerContext
local function show_message(_, params, context)
  local message, room = params.message:gsub('^typethrough: ', ''), vim.o.columns - 12
  told[context.client_id] = message
  local text = 'typethrough: ' .. message:gsub('%s+', ' ')
  if vim.api.nvim_strwidth(text) > room then
    local pointer = ' … :Typethrough'
    text = vim.fn.strcharpart(text, 0, room - vim.api.nvim_strwidth(pointer)) .. pointer
  end
  local levels = { vim.log.levels.ERROR, vim.log.levels.WARN }
  vim.notify(text, levels[params.type] or vim.log.levels.INFO)
end

---@return vim.lsp.Config
function M.config()
  local options = require('typethrough').options
  return {
    -- A function, because of a list the client would say that it cannot be started in its log alone.
    cmd = function(dispatchers, config)
      return vim.lsp.rpc.start(options.cmd, dispatchers, { cwd = config.cmd_cwd, env = config.cmd_env })
    end,
    filetypes = options.filetypes or nil,
    root_dir = root_dir,
    settings = { typethrough = options.settings },
    -- The server closes an upstream stream at the edit that makes it useless, so it must hear of each edit at once.
    flags = { debounce_text_changes = 0 },
    on_attach = on_attach,
    on_exit = on_exit,
    handlers = {
      ['window/showMessage'] = show_message,
      ['$/typethrough/status'] = function(_, params, context)
        said[context.client_id] = params
        vim.cmd.redrawstatus({ bang = true })
      end,
    },
  }
end

---@param on boolean
function M.enable(on)
  M.enabled = on
  for _, client in ipairs(vim.lsp.get_clients({ name = 'typethrough' })) do
    for bufnr in pairs(client.attached_buffers) do
      require('typethrough.ghost').forget(bufnr)
      vim.lsp.inline_completion.enable(on, { bufnr = bufnr })
    end
  end
  vim.cmd.redrawstatus({ bang = true })
end

--- Ends the server and starts it again; starts it when it had ended.
function M.restart()
  restarting = #vim.lsp.get_clients({ name = 'typethrough' }) > 0
  vim.lsp.enable('typethrough', false)
  if not restarting then
    vim.lsp.enable('typethrough')
  end
end

---@param bufnr integer
---@return string label, string message # and the last thing it had to tell, in the server's words
function M.status(bufnr)
  local client = vim.lsp.get_clients({ name = 'typethrough', bufnr = bufnr })[1]
  if not client then
    return abandoned[bufnr] and 'TT stopped' or '', ''
  end
  local report = said[client.id] or { kind = 'ready', message = '' }
  return M.enabled and LABELS[report.kind] or 'TT off', told[client.id] or report.message
end

return M
