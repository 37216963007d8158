namespace Statecast.RabbitMQ;

/// <summary>How a CloudEvent stands in a message. Both are read, whatever is written.</summary>
public enum RabbitMQContentMode
{
    /// <summary>One JSON object with the attributes and the state: any client reads it.</summary>
    Structured,

    /// <summary>The attributes as headers, the state as the body.</summary>
    Binary,
}
