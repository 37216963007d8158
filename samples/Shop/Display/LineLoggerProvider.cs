namespace Shop.Display;

/// <summary>Hands every warning and error of a service on as one line.</summary>
internal sealed class LineLoggerProvider(Action<LogLevel, string> write) : ILoggerProvider
{
    public ILogger CreateLogger(string category) => new LineLogger(category, write);

    public void Dispose() { }

    private sealed class LineLogger(string category, Action<LogLevel, string> write) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel level) => level >= LogLevel.Warning && level != LogLevel.None;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(level))
                return;
            var line = $"{category}: {formatter(state, exception)}";
            write(level, exception is null ? line : $"{line} ({exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")})");
        }
    }
}
